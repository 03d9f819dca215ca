from circle.first import later

value = 1
