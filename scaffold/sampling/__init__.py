"""How a sample of the user's data becomes answers; `scaffold.sample` is the way in."""
