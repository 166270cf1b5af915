// Takes all the time that a core has. Instructions that do nothing pass virtual time quickest on this machine's clock.
int main(void) {
    for (;;) __asm__ volatile(".rept 500\n nop\n .endr");
}
