"""The opening of a script, the end that runs it, and both put together."""

from __future__ import annotations

import textwrap
from typing import Any
from urllib.parse import urlencode

from engine.contracts.knob import to_query
from engine.contracts.topic import Topic

from .gather import PICTURES, STAND_INS
from .imports import import_lines
from .script import CONFIGURATION, Script, Section
from .sources import Outside, Place
from .texts import WIDTH, in_quotes, literal

RULE = "# " + "-" * (WIDTH - 2)
FUTURE = "from __future__ import annotations"
WHERE_ASSETS = """\
# The folder with the files it reads; another one: --assets FOLDER.
ASSETS = Path(sys.argv[sys.argv.index("--assets") + 1] if "--assets" in sys.argv else "assets")"""

IN_NOTEBOOK = """\
# The folder with the files it reads.
ASSETS = Path("assets")"""


def script_for(topic: Topic, config: Any, address: str = "") -> str:
    """One Python file that computes a topic with this Config, prints its numbers and writes its figures.

    It needs PyTorch, NumPy, Plotly and the files that it names, nothing of ours. address: where the page stands, for a
    link. Raises what the topic raises for a picture that is not there (a KnobError), and a ScriptError where the script
    would lack something.
    """
    script = Script(topic, config, address)
    body = [f'"""{in_quotes(opening(script))}"""', FUTURE, imports_of(script), *constants(script)]
    text = "\n\n".join(body) + "\n"
    for number, section in enumerate(script.sections):
        gap = "\n" if number or script.files else ""  # after imports one line is enough, says the linter
        text += f"\n{gap}{heading(section.title)}\n\n\n{configuration(script, section)}\n"
    text += f"\n\n{heading('Run')}\n\n\n{main_function(script)}\n"
    text += "".join(f"\n\n{blob}" for blob in blobs(script))
    return text + '\n\nif __name__ == "__main__":\n    main()\n'


def opening(script: Script, of_notebook: bool = False) -> str:
    """What the script is, which Config it has, and what it needs."""
    topic, query = script.topic, urlencode(to_query(script.config))
    link = f"{script.address.rstrip('/')}/{topic.slug}{'?' + query if query else ''}"
    link = link if len(link) < 2000 else f"{link[:WIDTH]}… (the whole Config stands below)"
    about = (
        "It computes what the page of that name in Neurarium shows, with the code that ran there: the model, the data, "
        "the run with this configuration and seed, the numbers, the figures. Change the values of Config and run it "
        "again."
    )
    if script.gathered.chosen:
        about += " Of the page's experiments it has the one that this configuration chooses."
    if script.blobs:
        about += (
            " The picture is written into this file as it was prepared for the network: values of Config that choose "
            "or change it do nothing here."
        )
    if topic.trains(script.config) and not topic.steps_of(script.config):
        about += f" Nothing is trained here as it stands: that takes {topic.training.steps} above 0."
    networkx = any(one.module == "networkx" for one in script.gathered.outside)
    showing = ", Plotly, and nbformat to show its figures" if of_notebook else " and Plotly"
    needs = f"Needs PyTorch{' (with networkx, which comes with it)' if networkx else ''}, NumPy{showing}."
    if script.files:
        listed = "\n".join(f"    {name}  ({facts})" for name, facts in script.files.items())
        needs += f" Where its experiment asks for them, these files from the folder assets of Neurarium:\n{listed}"
    sources = "\n".join(f"    {source.title}\n        {source.link}" for source in topic.sources)
    parts = [topic.title, topic.question, textwrap.fill(about, WIDTH), f"The page with this configuration:\n    {link}"]
    return "\n\n".join([*parts, needs, f"Sources:\n{sources}"]) + "\n"


def imports_of(script: Script, of_notebook: bool = False) -> str:
    """All imports from outside the engine."""
    wanted = set(script.gathered.outside)
    if script.files:
        wanted |= {Outside("pathlib", "Path", "Path")} | (set() if of_notebook else {Outside("sys", "", "sys")})
    if of_notebook:
        wanted.add(Outside("dataclasses", "replace", "replace"))
    if script.uses_replace:
        wanted.add(Outside("dataclasses", "replace", "replace"))
    return import_lines(wanted)


def constants(script: Script, of_notebook: bool = False) -> list[str]:
    """Where the files are, if there are any."""
    if not script.files:
        return []
    names = "".join(f'    "{name}",\n' for name in script.files)
    return [f"{IN_NOTEBOOK if of_notebook else WHERE_ASSETS}\nFILES = (\n{names})"]


def configuration(script: Script, section: Section) -> str:
    """The text of a section; after the class of the Config follow this script's and, where needed, the usual one."""
    if section.title != CONFIGURATION:
        return section.text
    name = script.name(script.gathered.config_place)
    text = f"{section.text}\n\n\nCONFIG = {name}()"
    if script.uses_usual:
        values = "".join(f"    {knob}={literal(value, 4)},\n" for knob, value in script.usual.items())
        text += f"\n# The configuration that the page begins with.\nUSUAL = {name}(\n{values})"
    return text


def main_function(script: Script, of_notebook: bool = False) -> str:
    """The function that runs everything; in a notebook it shows the figures, in a script it writes them to a file."""
    gathered = script.gathered
    run, printer = script.name(gathered.run), script.name(Place(STAND_INS, "print_numbers"))
    page = script.name(Place(PICTURES, "write_page"))
    config = script.name(gathered.config_place)
    lines = [
        f"def main(config: {config} = CONFIG) -> {script.returned}:",
        f'    """Compute, print the numbers, {"show" if of_notebook else "write"} the figures; returns the result."""',
        "    torch.set_num_threads(1)  # as on the page: the same order of sums, the same last digits",
    ]
    if script.files:
        failure, where = ("FileNotFoundError", "ASSETS") if of_notebook else ("SystemExit", "--assets FOLDER")
        sentence = f"Not in {{ASSETS}}: {{', '.join(missing)}}. Say where they are: {where}"
        lines += [
            "    missing = [name for name in FILES if not (ASSETS / name).is_file()]",
            '    if any(name.startswith("weights/") for name in missing):  # data only where they are asked for',
            f'        raise {failure}(f"{sentence}")',
            "    try:",
            f"        result = {run}(config)",
            "    except FileNotFoundError:",
            f'        raise {failure}(f"{sentence}") from None',
        ]
    else:
        lines.append(f"    result = {run}(config)")
    lines += [f"    {printer}(result)", "    figures = {"]
    lines += [f"        {literal(name)}: {figure_call(script, name)}," for name in script.figures]
    lines.append("    }")
    if of_notebook:
        lines += ["    for name, figure in figures.items():", "        figure.update_layout(title=name).show()"]
    else:
        file = f"{script.topic.slug}.html"
        lines.append(f'    {page}({literal(script.topic.title)}, figures, "{file}")')
        lines.append(f'    print("\\nThe figures are in {file}")')
    return "\n".join([*lines, "    return result"])


def figure_call(script: Script, name: str) -> str:
    """The call that makes one figure of `result`."""
    drawn = f"{script.name(script.figures[name])}(result)"
    return f"{script.name(script.makers[name])}({drawn})" if name in script.makers else drawn


def heading(title: str) -> str:
    """A line across the page and the title below it."""
    lines = textwrap.wrap(title, WIDTH - 2)
    return "\n".join([RULE, *(f"# {line}" for line in lines)])


def blobs(script: Script) -> list[str]:
    """The packed arrays, in lines."""
    return [
        f'{name} = """\n' + "\n".join(text[at : at + WIDTH] for at in range(0, len(text), WIDTH)) + '\n"""\n'
        for name, text in script.blobs.items()
    ]
