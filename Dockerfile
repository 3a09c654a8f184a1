# The product's image: dependencies are built in one stage and run in another, as a user without rights.
# Python 3.12 is the newest that durable-rules supports.
FROM python:3.12-slim-bookworm AS build
# The compiler is for durable-rules alone and stays in this stage, so its version needs no pin.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY requirements-prod.txt requirements-durable.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes \
        --requirement requirements-prod.txt --requirement requirements-durable.txt

FROM python:3.12-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CLIMBUP_ENV=production \
    HOST=0.0.0.0 \
    PORT=5000 \
    DATA_DIR=/run/climbup \
    PROMETHEUS_MULTIPROC_DIR=/run/climbup/metrics \
    LOG_FILE=none
# What it writes at run time is in a folder that nobody else can make beforehand, as anybody could in /tmp.
RUN useradd --system --uid 10001 --user-group --no-create-home climbup \
    && install --directory --owner=climbup --group=climbup --mode=0700 /run/climbup
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY app.py ./
COPY backend backend
COPY migrations migrations
COPY rules rules
# Read-only at run time: the modules are compiled now.
RUN python -m compileall -q app.py backend migrations
USER 10001:10001
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=2)"]
CMD ["gunicorn", "--config", "python:backend.cli.gunicorn_conf", "app:application"]
