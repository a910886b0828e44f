"""An OpenAI-compatible API in front of any model servers: `memory/<model>` remembers. See docs/proxy.md."""
