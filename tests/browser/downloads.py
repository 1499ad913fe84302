"""Files taken away from a page."""


def taken(visitor, part: str, label: str) -> bytes:
    """The file behind a button of a row of the tab."""
    visitor.allow(r"/media/\S+ net::ERR_ABORTED")  # what Chromium says of a request that became a download
    row = visitor.page.locator(f"[class*='-download-{part}']")
    with visitor.page.expect_download() as download:
        row.get_by_role("button", name=label).first.click()
    with open(download.value.path(), "rb") as file:
        return file.read()
