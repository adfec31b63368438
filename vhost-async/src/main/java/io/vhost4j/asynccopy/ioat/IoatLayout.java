// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy.ioat;

import java.util.Set;

/** Registers and descriptors of I/OAT engines, versions 3.0 to 3.4: BAR 0 of the function, and a ring of descriptors in memory. */
final class IoatLayout {
    /** Intel. */
    static final int VENDOR = 0x8086;
    /** Functions with one channel each: Broadwell-DE and -EP, Skylake-SP and after, Ice Lake-SP. */
    static final Set<Integer> DEVICES = Set.of(
            0x6f20, 0x6f21, 0x6f22, 0x6f23, 0x6f24, 0x6f25, 0x6f26, 0x6f27, 0x6f2e, 0x6f2f, 0x6f50, 0x6f51, 0x6f52,
            0x6f53, 0x2021, 0x0b00);

    /** Channels, 8 bits. */
    static final int CHANCNT = 0x00;
    /** Longest copy as a power of two in its low 5 bits, 8 bits; 0 for no limit. */
    static final int XFERCAP = 0x01;
    /** Version, 8 bits: major and minor. */
    static final int CBVER = 0x08;
    /** Channel control, 16 bits. */
    static final int CHANCTRL = 0x80;
    /** Channel command, 8 bits. */
    static final int CHANCMD = 0x84;
    /** The doorbell, 16 bits: descriptors given since the chain began, modulo 65536. */
    static final int DMACOUNT = 0x86;
    /** State and address of the descriptor completed last, 64 bits. */
    static final int CHANSTS = 0x88;
    /** Address of the first descriptor of the chain, 64 bits. */
    static final int CHAINADDR = 0x90;
    /** Where the engine writes what CHANSTS says, 64 bits, divisible by 8. */
    static final int CHANCMP = 0x98;
    /** Why it has halted, 32 bits; write a 1 to clear. */
    static final int CHANERR = 0xa8;
    /** Bytes of registers that are used. */
    static final int REGISTER_BYTES = 0xb0;
    /** The same errors in configuration space, 32 bits. */
    static final int CONFIG_CHANERR = 0x180;

    /** Control: halt at any error, and write the completion then. */
    static final int CTRL_ERRORS = 0x000c;
    /** Command: suspend. */
    static final int CMD_SUSPEND = 0x04;
    /** Command: reset; reads as 0 when done. */
    static final int CMD_RESET = 0x20;

    /** State bits of CHANSTS and of the completion. */
    static final int STATE_MASK = 7;
    /** State: working. */
    static final int ACTIVE = 0;
    /** State: nothing to do. */
    static final int IDLE = 1;
    /** State: suspended. */
    static final int SUSPENDED = 2;
    /** State: an error has halted it. */
    static final int HALTED = 3;
    /** State: has a chain, and waits for the doorbell. */
    static final int ARMED = 4;

    /** Bytes of a descriptor. */
    static final int DESC_BYTES = 64;
    /** Descriptor: bytes to copy, 32 bits. */
    static final int DESC_SIZE = 0;
    /** Descriptor: control, 32 bits; the operation, 0 for a copy, in the highest 8. */
    static final int DESC_CONTROL = 4;
    /** Descriptor: source, 64 bits. */
    static final int DESC_SOURCE = 8;
    /** Descriptor: target, 64 bits. */
    static final int DESC_TARGET = 16;
    /** Descriptor: address of the next, 64 bits. */
    static final int DESC_NEXT = 24;
    /** Control: write the completion. */
    static final int CONTROL_COMPLETION = 8;

    private IoatLayout() {}
}
