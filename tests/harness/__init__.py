"""What the tests stand on: real processes and real payloads; what cannot run here is played.

scripted_llm      an OpenAI-compatible model server that answers by rules and fails on request
pipelines_server  the real Pipelines server with the filter, in a process of its own
bodies            Open WebUI bodies, made from the recordings in tests/fixtures
talk              whole turns through a running server
mem0_server       a stand-in for mem0's REST server, over a real mem0; mem0_platform: for its platform
qdrant_server     a stand-in for a Qdrant server, over Qdrant's own local mode
postgres          a real PostgreSQL with pgvector
web               a FastAPI app on a port, for the stand-ins
waiting           wait for a condition, within a bound
"""
