attack = []
