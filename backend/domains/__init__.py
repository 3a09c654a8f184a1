"""The business, one package a domain; a domain calls another only through its service."""
