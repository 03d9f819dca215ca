here = "loaded by the star"
