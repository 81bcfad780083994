order = [
