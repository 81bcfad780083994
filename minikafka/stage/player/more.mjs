// The second module: views that a page loads after its first picture.

import { addViews } from "./stage.mjs";
import { logView } from "./view_log.mjs";
import { isrView } from "./view_isr.mjs";
import { groupsView } from "./view_groups.mjs";
import { transactionsView } from "./view_transactions.mjs";
import { MORE_CSS } from "./view_style.mjs";

addViews([logView, isrView, groupsView, transactionsView], MORE_CSS);
