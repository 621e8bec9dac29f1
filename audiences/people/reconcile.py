"""What is done about single people's data without anybody asking for it at that moment."""

from audiences.people import erasing, history
from pinconnect.queue import reconciler

reconciler.register("audiences.history", history.hint_merges, every_s=3_600)
reconciler.register("audiences.erasures", erasing.hint_open, every_s=10)
