"""What is kept about single people, for operators: states and counts, never an identifier."""

from django.contrib import admin

from audiences.models import Changes
from pinconnect.workspaces.admin_base import ReadOnlyAdmin


@admin.register(Changes)
class ChangesAdmin(ReadOnlyAdmin):
    list_display = ("audience", "folder", "entries", "created_at")
    list_filter = ("audience__workspace", "created_at")
    search_fields = ("audience__name", "audience__customer_list_id", "folder")
    list_select_related = ("audience",)
