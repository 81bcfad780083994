// The second module: views that a page loads after its first picture.

import { addViews } from "./stage.mjs";
import { drawBranches } from "./branches.mjs";
import { drawFoot, openFile } from "./foot.mjs";
import { drawJumps, jumpKeys } from "./jumps.mjs";
import { chartsView } from "./view_charts.mjs";
import { spaceView } from "./view_space.mjs";
import { worldsView } from "./view_worlds.mjs";
import { logView } from "./view_log.mjs";
import { isrView } from "./view_isr.mjs";
import { groupsView } from "./view_groups.mjs";
import { transactionsView } from "./view_transactions.mjs";
import { MORE_CSS } from "./view_style.mjs";
import { drawWhy } from "./why.mjs";

addViews([logView, isrView, groupsView, transactionsView, spaceView, chartsView, worldsView],
  { css: MORE_CSS, drawBranches, drawFoot, drawWhy, drawJumps, jumpKeys, openFile });
