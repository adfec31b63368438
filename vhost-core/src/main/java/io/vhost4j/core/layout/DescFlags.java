// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.layout;

/** Descriptor flags that split and packed rings share (virtio 1.2 §2.7.5, §2.8.1). */
public final class DescFlags {
    /** The chain goes on with another descriptor. */
    public static final int NEXT = 1;
    /** The device writes the buffer. */
    public static final int WRITE = 2;
    /** The buffer is a table of descriptors. */
    public static final int INDIRECT = 4;

    private DescFlags() {}
}
