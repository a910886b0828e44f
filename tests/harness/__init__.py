"""What the tests stand on: real processes and real payloads; only the model is played.

scripted_llm      an OpenAI-compatible model server that answers by rules and fails on request
pipelines_server  the real Pipelines server with the filter, in a process of its own
bodies            Open WebUI bodies, made from the recordings in tests/fixtures
talk              whole turns through a running server
waiting           wait for a condition, within a bound
"""
