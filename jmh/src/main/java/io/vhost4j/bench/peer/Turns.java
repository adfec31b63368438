// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;

/** Lets the back-ends of a cell have the processors one after the other. For one thread. */
sealed interface Turns extends AutoCloseable permits FreshTurns, WaitingTurns {
    /** Starts what the method wants to be there before the first run. */
    static Turns begin(Lab lab, Cell cell, List<BackEndKind> kinds, Method method) {
        return method.fresh() ? new FreshTurns(lab, cell, kinds, method) : WaitingTurns.begin(lab, cell, kinds, method);
    }

    /** A run of one back-end. */
    Run run(int kind);

    /** Ends all processes, and fails if one does not end well. */
    void end();

    /** Ends all processes, whatever state they are in. */
    @Override
    void close();
}
