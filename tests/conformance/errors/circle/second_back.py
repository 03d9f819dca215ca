import circle.second

print(circle.second.later)
