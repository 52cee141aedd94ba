# Two stages: wheels are installed with their hashes checked, then only the environment is carried over.
FROM python:3.13-slim AS build
WORKDIR /src
COPY deploy/requirements.txt deploy/requirements.txt
RUN python -m venv /opt/patchbay \
 && /opt/patchbay/bin/pip install --no-cache-dir --require-hashes -r deploy/requirements.txt
COPY pyproject.toml README.md ./
COPY bot bot
RUN /opt/patchbay/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
COPY --from=build /opt/patchbay /opt/patchbay
ENV PATH=/opt/patchbay/bin:$PATH PYTHONUNBUFFERED=1 PATCHBAY_HTTP_HOST=0.0.0.0 XDG_STATE_HOME=/var/lib \
    PATCHBAY_MANIFEST_CACHE=/var/lib/patchbay/manifests
RUN install -d -o 65532 -g 65532 -m 0700 /var/lib/patchbay
USER 65532:65532
VOLUME /var/lib/patchbay
EXPOSE 8080
ENTRYPOINT ["patchbay"]
CMD ["serve"]
