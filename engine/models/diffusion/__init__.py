"""Denoising diffusion: noise schedules, samplers, and the networks that predict the noise."""
