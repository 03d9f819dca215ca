import circle.second_back

later = 1
