"""The filter as the Pipelines server sees it."""
