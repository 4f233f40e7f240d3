"""The ground floor both processes stand on: canonical facts, seams, the strict decoder and vendors' adapters; knows neither process."""
