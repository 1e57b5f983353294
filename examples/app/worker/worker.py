"""Send every order of a YAML file as a text made from a template."""

import sys

import jinja2
import requests
import yaml

TEMPLATE = jinja2.Template("{{ name }} orders {{ items | join(', ') }}")


def main(orders: str, url: str) -> None:
    with open(orders, encoding="utf-8") as f:
        for order in yaml.safe_load(f):
            requests.post(url, data=TEMPLATE.render(order), timeout=10).raise_for_status()


if __name__ == "__main__":
    main(*sys.argv[1:3])
