"""What each error of the house says on a page, by its stable code; figures and places come from the error itself."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_Said = str | Promise

_SAVE_ANEW: Final = _("Ask whoever made the file to write it anew, and upload it again. Nothing was taken in.")
_MEND_FILE: Final = _("Mend the place that is named and upload the file again. Nothing was taken in.")
_CHECK_VALUE: Final = _("Check what you entered and try again.")
_LATER: Final = _("Wait until it is done, then try again.")
_TELL: Final = _("Tell the administrator; the details are in the log.")

#: Code → what happened, what to do next.
WORDS: Final[dict[str, tuple[_Said, _Said]]] = {
    "not_found": (_("What you look for is not here."), _("Check the number, or start from the search.")),
    "refused": (_("This cannot be done."), _CHECK_VALUE),
    "error": (_("This cannot be done."), _CHECK_VALUE),
    # files of readings
    "file_refused": (_("The file cannot be read."), _SAVE_ANEW),
    "file_missing": (_("The file is not there any more."), _("Upload it again.")),
    "not_a_file": (_("This is not a file that can be read."), _("Choose another file.")),
    "file_empty": (_("There is nothing in the file."), _("Choose another file.")),
    "file_changed": (_("The file was changed while it was read."), _("Upload it again.")),
    "format_unknown": (
        _("The file is in none of the known forms."),
        _("Readings come as CSV, Parquet or Green Button XML; the how-to shows examples."),
    ),
    "extension_mismatch": (_("The content of the file is not what its name says."), _("Give it the right ending.")),
    "columns_unknown": (
        _("The head of the file does not say where usage point, time and energy stand."),
        _("Name the columns as the how-to shows, and upload the file again."),
    ),
    "parquet_damaged": (_("The Parquet file is cut off or broken."), _SAVE_ANEW),
    "archive_damaged": (_("The compressed file is cut off or broken."), _SAVE_ANEW),
    "archive_refused": (_("The archive must hold exactly one plain CSV file."), _("Pack it anew, or upload the CSV.")),
    "expands_too_far": (_("The compressed file grows out of all proportion."), _("Upload the file unpacked.")),
    "text_unreadable": (_("The file is no readable text."), _("Save it as UTF-8 and upload it again.")),
    "too_many_bad_rows": (
        _("So many rows are wrong that the file is not what it was taken for."),
        _("Check form, unit and time zone. Nothing was taken in."),
    ),
    "meter_file_wrong": (_("The file of meters has an error; nothing of it was taken in."), _MEND_FILE),
    "greenbutton_unreadable": (_("The file is no well-formed XML."), _SAVE_ANEW),
    "greenbutton_doctype": (_("The file carries a document type, which is not accepted."), _SAVE_ANEW),
    "greenbutton_too_large": (_("A part of the file is too large."), _SAVE_ANEW),
    "greenbutton_namespace": (_("The file is XML, but no Green Button feed."), _("Choose another file.")),
    "greenbutton_empty": (_("The feed holds no interval readings."), _("Choose another file.")),
    "greenbutton_reading_type": (_("The feed does not say what its values measure."), _SAVE_ANEW),
    "zone_unknown": (_("There is no such time zone."), _("Write it as Asia/Shanghai.")),
    "lake_unwritable": (_("There is no room to store the readings."), _TELL),
    "resolution_unknown": (_("The length of the intervals is not accepted."), _SAVE_ANEW),
    # jobs
    "internal": (
        _("Something went wrong on our side."),
        _("Start it again; if that does not help, tell the administrator."),
    ),
    "job_given_up": (_("It was interrupted again and again and is not taken up any more."), _TELL),
    # readings and meters
    "not_mendable": (
        _("The rows of this kind of file cannot be mended one by one."),
        _("Mend the file where it is made, and upload it again."),
    ),
    "column_unknown": (_("The file has no such column."), _("Choose one of its columns.")),
    "no_readings": (_("There are no readings for these days."), _("Choose other days.")),
    "span_empty": (_("The last day lies before the first."), _("Choose the days again.")),
    "version_unknown": (_("There is no such version of the readings."), _("Choose one of the imports.")),
    "thresholds_invalid": (_("The rules for checking readings cannot be used."), _TELL),
    "meter_elsewhere": (_("The meter is installed elsewhere at that time."), _CHECK_VALUE),
    "usage_point_has_meter": (_("There is a meter at that time already."), _("Exchange it, or remove it first.")),
    "meter_unknown_here": (_("There is no meter here at that time."), _CHECK_VALUE),
    "register_missing": (_("The meter has no such register, or a reading is missing."), _CHECK_VALUE),
    "meter_reading_implausible": (_("The meter cannot show that."), _("Read it again.")),
    # bills
    "bill_run_in_progress": (_("Bills are being written at the moment."), _LATER),
    "no_readings_imported": (_("There are no readings to bill from."), _("Import readings first.")),
    "month_not_over": (_("The month is not over."), _("Wait for its last day.")),
    "billing_rules_invalid": (_("The rules for billing cannot be used."), _TELL),
    "bill_cancelled": (_("The bill has been replaced already."), _("Open the bill that replaces it.")),
    "nothing_to_correct": (_("Computed anew, the bill is the same to the fen."), _("Nothing needs to be done.")),
    "cannot_correct": (_("The bill cannot be replaced as things are."), _("See what is parked for this period.")),
    "not_releasable": (_("A decision does not help here: the data must be mended."), _("Follow the next step named.")),
    "reason_missing": (_("A reason is needed."), _("Write in a sentence why.")),
    "nothing_to_compare": (_("No contract has this tariff in this month."), _("Choose another month or unit.")),
    "font_missing": (_("No Chinese font is installed to print with."), _TELL),
    "printing_failed": (_("The bill could not be printed."), _TELL),
    "openings_invalid": (_("The file has an error; nothing of it was taken in."), _MEND_FILE),
    "bill_number_exhausted": (_("This period has been corrected too often."), _TELL),
    "bill_number_unreadable": (_("This is no bill number."), _("It stands at the head of the bill.")),
    "correction_waiting": (_("A correction of this bill waits for a decision already."), _LATER),
    "correction_decided": (_("This has been decided or withdrawn meanwhile."), _("Open it again and look.")),
    "second_person_needed": (_("Nobody decides what they asked for themselves."), _("Ask a colleague to decide.")),
    "weather_file_invalid": (_("The file has an error; nothing of it was taken in."), _MEND_FILE),
    # tariffs
    "draft_changed": (_("Somebody else has saved or decided meanwhile."), _("Open it again and look.")),
    "draft_closed": (_("The draft is submitted, decided or withdrawn."), _("Begin a new draft.")),
    "draft_not_publishable": (_("The document has errors."), _("See the lines that are named.")),
    "draft_too_long": (_("The text is longer than any tariff."), _CHECK_VALUE),
    "published_version_changed": (
        _("The document changes a version that has been published."),
        _("Leave published versions as they are and add a new one."),
    ),
    "bad_price_series": (_("The file of prices cannot be read."), _MEND_FILE),
    "price_series_missing": (_("The prices of a dynamic tariff are missing."), _("Add the file of prices.")),
    "price_too_fine": (_("A price has too many decimals."), _CHECK_VALUE),
    "charge_too_large": (_("A price or a reading is absurdly large."), _CHECK_VALUE),
    "priced_energy_too_large": (_("A price or a reading is absurdly large."), _CHECK_VALUE),
    "interval_too_coarse": (
        _("The readings are too coarse for this tariff's periods."),
        _("Choose a tariff whose periods begin on the intervals of the readings."),
    ),
    "demand_window": (_("The readings do not fit the tariff's demand interval."), _CHECK_VALUE),
    # people
    "phone_invalid": (_("This is not a mobile number."), _CHECK_VALUE),
    "phone_taken": (_("This number belongs to somebody else."), _("Use another number.")),
    "too_many_attempts": (_("Too many attempts."), _("Wait a while, then try again.")),
    "proof_wrong": (_("What you entered does not fit together."), _CHECK_VALUE),
    "already_linked": (_("You have linked this account number already."), _("Nothing needs to be done.")),
    "already_shared": (_("It is shared with this number already."), _("Change or revoke that share.")),
    "share_invalid": (_("Such a share would show nothing."), _CHECK_VALUE),
    "identifier_invalid": (_("You cannot be recognised by this."), _CHECK_VALUE),
    "identifier_taken": (_("Somebody else is recognised by this."), _("Choose another.")),
    "last_identifier": (_("Without it you could not sign in any more."), _("Add another one first.")),
    "not_permitted": (_("Your role does not include this here."), _("If you need it for your work, ask your manager.")),
    # jobs
    "job_not_found": (_("There is no such job."), _("Choose one of the list.")),
    # accounts
    "brand_invalid": (_("The brand of this site cannot be used."), _TELL),
    "already_done": (_("This has been done already."), _("Nothing needs to be done.")),
    "already_exists": (_("This number is taken."), _CHECK_VALUE),
    "agreements_overlap": (_("Two contracts would hold on the same day."), _CHECK_VALUE),
    "settlements_overlap": (_("Two accounts would settle on the same day."), _CHECK_VALUE),
    "settlement_incomplete": (_("On some days nobody would settle the contract."), _CHECK_VALUE),
    "settlement_outside_agreement": (_("The account would settle on days without a contract."), _CHECK_VALUE),
    "terms_invalid": (_("A term of the contract cannot be so."), _CHECK_VALUE),
    "position_invalid": (_("The position is missing or not on earth."), _CHECK_VALUE),
    "organisation_misplaced": (_("The unit would not stand below its parent."), _CHECK_VALUE),
    "value_invalid": (_("A field holds something it cannot hold."), _CHECK_VALUE),
    "unable_to_move_in": (_("The usage point is not free on that day."), _CHECK_VALUE),
    "unable_to_move_out": (_("No contract is in force up to that day."), _CHECK_VALUE),
    "unable_to_change": (_("No contract is in force on that day, or a later change stands in the way."), _CHECK_VALUE),
    "too_far_back": (_("The day lies too far back."), _CHECK_VALUE),
    "too_far_ahead": (_("The day lies too far ahead."), _CHECK_VALUE),
    "unknown_reference": (_("Something that is referred to does not exist."), _CHECK_VALUE),
    "wrong_columns": (_("The table has wrong columns or values."), _MEND_FILE),
    "csv_invalid": (_("The file cannot be read."), _MEND_FILE),
    "calendar_invalid": (_("The calendar of holidays cannot be used."), _TELL),
    "calendar_year_not_covered": (_("The calendar of holidays does not cover this year."), _TELL),
    # money
    "amount_invalid": (_("That is no amount that can be paid."), _("Type it in yuan, with at most two decimals.")),
    "amount_out_of_bounds": (_("So much, or so little, cannot be paid at once."), _("Choose another amount.")),
    "autopay_refused": (_("This account cannot be paid by itself in this way."), _("Choose another way to pay.")),
    "count_invalid": (_("There are no such notes or coins."), _("Count again.")),
    "cut_off_not_at_that_stage": (_("The cut-off has moved on meanwhile."), _("Look at it again.")),
    "debit_answered": (_("This answer of the bank was taken in before. Nothing has changed."), _("Look at it again.")),
    "debit_refused": (
        _("The file of direct debits is refused."),
        _("Mend the place that is named. Nothing was taken in."),
    ),
    "demo_gateway_refused": (_("The demo gateway refuses this."), _CHECK_VALUE),
    "document_missing": (_("The number of the slip is missing."), _("Type the number that is printed on it.")),
    "drawer_open": (_("A drawer is open already."), _("Close it first.")),
    "fee_control_agreed_already": (_("Fee control is agreed on already."), _("Look at it again.")),
    "fee_control_not_agreed": (_("Fee control is not agreed on here."), _("Agree on it first.")),
    "fee_control_rules_invalid": (_("The rules of fee control cannot be used."), _TELL),
    "gateway_unavailable": (
        _("The payment gateway does not answer. Nothing is lost."),
        _("Wait a minute, then try again or choose another way to pay."),
    ),
    "guide_article_invalid": (_("An article of the guide is not written as it should be."), _TELL),
    "guide_article_refused": (_("The article cannot be saved so."), _CHECK_VALUE),
    "guide_article_changed": (
        _("Somebody else saved this article while you were writing. Your text is still here."),
        _("Compare both, then save again."),
    ),
    "guide_file_refused": (
        _("This file cannot be shown: it is of another kind, or too large."),
        _("Pictures: PNG, JPEG or WebP up to 5 MB. Films: MP4 or WebM up to 200 MB."),
    ),
    "head_end_unavailable": (_("The meter does not answer now."), _("It is tried again by itself.")),
    "mandate_invalid": (_("The mandate cannot be recorded so."), _CHECK_VALUE),
    "no_drawer_open": (_("No drawer is open."), _("Open a drawer first.")),
    "not_voidable": (_("This payment cannot be voided any more."), _("Refund it instead.")),
    "openid_missing": (_("WeChat does not tell who is paying."), _("Open this page inside WeChat again.")),
    "opening_hours_invalid": (_("The opening hours cannot be understood."), _CHECK_VALUE),
    "order_ended": (_("This order is paid or closed."), _("Begin a new payment where something is left to pay.")),
    "point_changed": (
        _("Somebody else changed this place while you were looking. What you typed is still here."),
        _("Compare both, then save again."),
    ),
    "point_columns_missing": (
        _("The head of the file lacks columns, or has one twice."),
        _("Name each column once, as the page shows, and upload the file again."),
    ),
    "point_file_done": (_("This file was taken in before."), _("Upload it again if it is meant once more.")),
    "point_file_empty": (_("There is no place in the file."), _("Choose another file.")),
    "point_file_too_large": (
        _("The file is too large: 5 MB and 10,000 places are accepted."),
        _("Split it into several."),
    ),
    "point_file_unreadable": (
        _("The file is neither readable CSV nor GeoJSON."),
        _("Save the table as CSV (UTF-8), or the map as GeoJSON, and upload it again."),
    ),
    "point_invalid": (_("The place cannot be saved so."), _CHECK_VALUE),
    "point_plan_changed": (
        _("Places were changed meanwhile, so the file would do something else now."),
        _("Look at it again."),
    ),
    "payment_rules_invalid": (_("The rules of payments cannot be used."), _TELL),
    "points_rules_invalid": (_("The rules of points cannot be used."), _TELL),
    "receipt_not_printed": (
        _("This receipt cannot be printed."),
        _("Try again; if it stays so, tell the administrator."),
    ),
    "refund_decided": (_("This refund waits for nobody any more."), _("Look at it again.")),
    "refund_not_done": (_("The money cannot go back on this way."), _("Give it back where it came in.")),
    "refund_reason_missing": (_("A refund needs a reason."), _("Say why.")),
    "refund_too_large": (_("More would go back than is left of this payment."), _("Choose a smaller amount.")),
    "supply_still_off": (
        _("Fee control cannot end while supply is off or a cut-off is under way."),
        _("Wait until the supply is on again."),
    ),
    "tendered_too_little": (_("Less was handed over than is to be paid."), _("Count again.")),
    "two_people_needed": (_("Somebody else has to decide what you asked for."), _("Ask a colleague to decide.")),
    "being_paid": (_("This is being paid already."), _("Wait until that payment is done or given up.")),
    "owes_less": (_("Less is owed than was to be paid."), _("Open the page again and look.")),
    # days of payment gateways
    "statement_invalid": (
        _("The statement is refused: it is cut off, altered, or of another day or merchant. Nothing was taken in."),
        _("Fetch it from the gateway anew."),
    ),
    "payments_day_closed": (_("This day is closed."), _("Open the day again first, with the reason.")),
    "reconciliation_case_settled": (_("This has been explained or proposed meanwhile."), _("Open it again and look.")),
    "reconciliation_unfit": (_("That does not explain this difference."), _("Choose another way, and say why.")),
    "reconciliation_same_person": (_("Nobody decides what they proposed themselves."), _("Ask a colleague to decide.")),
    "reconciliation_cases_open": (
        _("There are differences that nobody has explained."),
        _("Explain each of them first."),
    ),
    "reconciliation_no_statement": (_("There is no statement of this day yet."), _("Take the statement in first.")),
    "collection_refused": (_("This cannot be recorded as it stands."), _CHECK_VALUE),
    "promise_unfit": (_("A promise is for a day from today to 90 days ahead."), _CHECK_VALUE),
    "instalments_unfit": (
        _("Instalments are 2 to 24, each on a later day than the one before, and together what is overdue."),
        _CHECK_VALUE,
    ),
    "collection_rules_invalid": (_("The rules of collection cannot be used."), _TELL),
    "general_ledger_rules_invalid": (_("The accounts of the general ledger cannot be used."), _TELL),
}
#: Codes that only the command line meets, or that gateways' messages are refused with.
NOT_ON_PAGES: Final = frozenset(
    {
        "another_demo", "bad_option", "coordinates_unknown", "database_setting_invalid", "database_too_old",
        "database_unreachable",
        "embedded_server_failed", "nobody_named", "not_only_a_demo", "job_kind_unknown",
        "option_invalid", "port_taken", "reading_unclear",
        "setting_invalid", "notice_expired", "notice_not_genuine",
        "notice_of_other_merchant", "notice_of_unknown_order", "notice_of_wrong_amount", "notice_refused",
        "notice_unreadable", "number_invalid", "order_paid_twice", "payer_unknown",
    }
)  # fmt: skip
