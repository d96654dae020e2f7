//! The `rtrace` command.

fn main() {
    println!("rtrace");
}
