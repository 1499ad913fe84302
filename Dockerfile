# docker build -t neurarium . && docker run --rm -p 8501:8501 --read-only --tmpfs /tmp neurarium
# Several of them behind a proxy: .hosting/compose.yaml. Limits and host names: "Settings" in README.md.

# Packages are installed in a stage of their own, so that nothing of pip's work stays behind.
FROM python:3.11-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /packages
RUN python -m venv /venv
COPY requirements.txt .
# PyPI's torch for Linux brings 3 GB of CUDA along; PyTorch's own index has the same release for the CPU alone. What is
# installed then satisfies requirements.txt, and everything else comes from PyPI. Behind a mirror of that index:
# --build-arg TORCH_INDEX=...
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN grep '^torch==' requirements.txt > torch.txt \
  && /venv/bin/pip install --no-deps --index-url "$TORCH_INDEX" -r torch.txt \
  && /venv/bin/pip install -r requirements.txt \
  && /venv/bin/python -c "import torch; assert torch.version.cuda is None, torch.__version__"

FROM python:3.11-slim
# Nothing is written outside /tmp: byte code is made here, and HOME, where libraries look for a place, is /tmp.
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin neurarium
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
RUN python -m compileall -q app.py engine pages
USER 10001
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/health', timeout=4)"]
# SIGTERM stops running experiments first.
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501"]
