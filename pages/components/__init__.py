"""The only shared Streamlit code."""
