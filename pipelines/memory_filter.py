"""
title: Memory
author: the owui-memory authors
version: 0.1.0
license: MIT
description: Remembers what users say and tells the model what it needs to know, across chats. Backed by mem0.
"""

# No `requirements:` line: pip inside the running server would swap packages under it.
# Install pipelines/requirements.txt before the server starts (PIPELINES_REQUIREMENTS_PATH).
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from owui_memory.plugin import Pipeline

__all__ = ["Pipeline"]
