"""Writes `answers/` anew from a real cluster: `python -m tests.contracts.cluster.record KUBECONFIG [TOPIC …]`."""

import json
import sys
import time
from pathlib import Path

from tests.contracts.cluster.api import API
from tests.contracts.cluster.asking import HERE, cases_of, prepared, put, topics


def main() -> None:
    api = API(Path(sys.argv[1]))
    made = api.ask("POST", "/api/v1/namespaces", {"metadata": {"generateName": "contract-"}}).body
    namespace, version = made["metadata"]["name"], api.get("/version").body["gitVersion"]
    time.sleep(1)  # the service account of the namespace takes a moment
    try:
        for topic in sys.argv[2:] or topics():
            with prepared(api, topic, namespace):
                answers = {case["says"]: put(api, case, namespace) for case in cases_of(topic)}
            lines = ",\n".join(f"{json.dumps(says)}:{json.dumps(answer)}" for says, answer in answers.items())
            text = f'{{"version":{json.dumps(version)},"answers":{{\n{lines}\n}}}}\n'
            (HERE / "answers" / f"{topic}.json").write_text(text)
    finally:
        api.ask("DELETE", f"/api/v1/namespaces/{namespace}")
        api.close()


if __name__ == "__main__":
    main()
