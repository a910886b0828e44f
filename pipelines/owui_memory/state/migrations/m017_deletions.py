"""What was deleted in Open WebUI, and what was seen there: see manage/deletions.py and comparison.py."""

SQL = """
CREATE TABLE deletions (
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    at FLOAT NOT NULL,
    done BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, chat_id)
);
CREATE TABLE webui_seen (
    user_id VARCHAR NOT NULL,
    chat_id VARCHAR NOT NULL,
    webui VARCHAR NOT NULL,
    seen_at FLOAT NOT NULL,
    missing_since FLOAT NOT NULL,
    PRIMARY KEY (user_id, chat_id, webui)
)
"""
