"""The account that work is done for: its client, its tokens' standing, its turns, its inboxes in Chatwoot."""
