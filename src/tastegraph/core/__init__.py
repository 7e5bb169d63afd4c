"""What every package needs: records, configuration, errors, messages, arrays, progress."""
