// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import io.vhost4j.core.linux.Mapping;

/** Zeroed pages of this process that devices get to see. */
public final class SharedPages implements AutoCloseable {
    private final Mapping mapping;

    /** Pages of at least {@code bytes} bytes. */
    public SharedPages(long bytes) {
        mapping = Mapping.anonymous(bytes, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_POPULATE);
    }

    /** Where they are. */
    public long address() {
        return mapping.address();
    }

    /** How many bytes were asked for. */
    public long bytes() {
        return mapping.length();
    }

    @Override
    public void close() {
        mapping.close();
    }
}
