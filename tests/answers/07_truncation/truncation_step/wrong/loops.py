"""Never comes back."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    while True:
        pass
