// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop.hostile;

import io.vhost4j.interop.Program;
import java.nio.file.Path;
import java.util.List;

/** A back-end process with two sockets that answers echo requests on each. */
interface Target extends AutoCloseable {
    /** Its name and version, for the report. */
    String name();

    /** The socket that is attacked. */
    Path victim();

    /** The socket of the bystander. */
    Path bystander();

    /** The process. */
    Program program();

    /** Packet buffers in use, when the bystander rests; -1 if that cannot be told. */
    long buffersInUse();

    /** Where its log is now. */
    int logMark();

    /** Lines about errors since a mark. */
    List<String> complaints(int mark);

    /** What counters of errors summed up to when {@link #buffersInUse} was last asked; -1 if there are none. */
    long counters();

    /** Ends it in the regular way, and fails unless it ends well. */
    void finish();

    /** Kills it if it still runs. */
    @Override
    void close();
}
