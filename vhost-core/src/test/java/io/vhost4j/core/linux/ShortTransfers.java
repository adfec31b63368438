// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

/** Lets every transfer move a few bytes only. */
record ShortTransfers(long maxBytes) implements LinuxFaults.Hook {
    static final ShortTransfers OF_THREE_BYTES = new ShortTransfers(3);

    @Override
    public int failWith(SystemCall call, long firstArgument) {
        return 0;
    }

    @Override
    public long limitBytes(SystemCall call, long lengthBytes) {
        return Math.min(maxBytes, lengthBytes);
    }
}
