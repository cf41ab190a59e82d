"""Where people decide: a session that knows the questions and the answers, and front ends that ask them."""
