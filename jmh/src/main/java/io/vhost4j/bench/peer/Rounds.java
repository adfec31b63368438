// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;

/**
 * What contenders did in turn.
 *
 * @param kept undisturbed rounds, at least one, of a run for each contender in their order; the runs of a round followed each other
 * @param disturbed runs that were thrown away
 */
record Rounds(List<List<Run>> kept, int disturbed) {}
