// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.List;

/** Lets contenders have the processors one after the other. For one thread. */
sealed interface Turns extends AutoCloseable permits FreshTurns, WaitingTurns {
    /** Starts what the method wants to be there before the first run. */
    static Turns begin(Lab lab, List<Contender> contenders, Method method) {
        return method.fresh() ? new FreshTurns(lab, contenders, method) : WaitingTurns.begin(lab, contenders, method);
    }

    /** A run of one contender. */
    Run run(int contender);

    /** Ends all processes, and fails if one does not end well. */
    void end();

    /** Ends all processes, whatever state they are in. */
    @Override
    void close();
}
