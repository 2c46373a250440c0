# One image for every process: ingress, worker, sandbox, command line. Debian, not Alpine: some wheels have no musl build.
# The steps are those of `make install`: uv from the package registry, the hashed lock, then our own wheel.

FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN pip install --no-cache-dir uv==0.13.9 hatchling==1.31.0
COPY pyproject.toml README.md LICENSE ./
COPY requirements requirements
RUN uv venv /opt/chatwootai \
 && uv pip install --python /opt/chatwootai/bin/python --no-deps --require-hashes -r requirements/run.txt
ARG EXTRA=
# EXTRA=postgres: the driver for indexes that lie in PostgreSQL, 12 MB.
RUN [ -z "$EXTRA" ] || uv pip install --python /opt/chatwootai/bin/python --no-deps --require-hashes -r "requirements/$EXTRA.txt"
COPY chatwootai chatwootai
COPY config config
COPY crews crews
COPY ingress ingress
COPY ops ops
COPY sandbox sandbox
COPY workers workers
# Its own environment, and the wheel in it: a generic name such as `config` meets no other package's there.
RUN uv build --wheel --no-build-isolation --python "$(command -v python)" --out-dir /dist \
 && uv pip install --python /opt/chatwootai/bin/python --no-deps /dist/*.whl \
 && /opt/chatwootai/bin/python -m compileall -q /opt/chatwootai/lib

FROM python:3.12-slim-bookworm
RUN useradd --create-home --uid 10001 chatwootai \
 && install -d -o chatwootai /var/lib/chatwootai /var/lib/chatwootai/journal /etc/chatwootai
COPY --from=build /opt/chatwootai /opt/chatwootai
ENV PATH=/opt/chatwootai/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LOG_FORMAT=json \
    CHATWOOTAI_CONFIG=/etc/chatwootai \
    JOURNAL_DIR=/var/lib/chatwootai/journal
USER chatwootai
WORKDIR /var/lib/chatwootai
EXPOSE 8080 9100
CMD ["python", "-m", "ingress"]
