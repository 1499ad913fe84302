"""The glossary: every term of the field, the one that the link asks for above all others."""

from pages.components.parts.glossary_page import show_glossary

show_glossary()
