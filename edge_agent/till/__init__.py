"""What the agent tells tills: questions in, answers from the cache out, always with the age of what they say."""
