"""The page at /memory/, where users see and steer what is remembered, and admins how memory fares.

page (the ASGI application: who asks, what they may, limits), requests (what browsers send), sign_in (by Open
WebUI's session, a link of the chat, or the server's key), routes (what there is, and who may ask for it),
memories, timeline, chats, documents, why, switches, sharing, keys (what users see and do), admin; rendering
(templates, headers), parts (what they need of the application). The words are in core/locales, under ids that
begin with "page: ".
"""
