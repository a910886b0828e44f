"""Setting up and running on one machine, with the standard library alone (and httpx, once .venv is there);
manifests needs PyYAML and kubernetes-validate from .venv, and generate the package itself.

install    .venv and .venv-webui from requirements/*.lock
up         `make up`: Open WebUI and the Pipelines server, wired together
serve      `make serve`: the Pipelines server alone
services   what the two servers are started with, and where they keep their things
processes  child processes: start, watch, stop
progress   one line on the terminal for one slow step
manifests  `make check`: the Kubernetes manifests against the API's schemas
generate   `make generate`: the files that are made from the code
"""
