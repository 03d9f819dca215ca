from circle.first_back import value

later = 1
