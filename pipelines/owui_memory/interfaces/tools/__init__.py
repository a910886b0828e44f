"""Memory as tools that models call: one set of verbs, by MCP, OpenAPI and in the proxy. See docs/tools.md."""
