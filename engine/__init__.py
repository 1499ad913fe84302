"""The engine: models, data, training, measures and pictures. Knows nothing of Streamlit."""
